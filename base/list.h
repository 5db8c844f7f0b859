/*
 * Intrusive doubly linked list. An element embeds `struct list`; the head is one too.
 */
#pragma once

#include "base/base.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_append(struct list *head, struct list *item)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

/* Leaves the item self-linked, so that removing twice is harmless. */
static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#define list_first(head, type, member) container_of((head)->next, type, member)

/* The body must not remove `item`. */
#define list_for_each(item, head, member)                                                          \
	for (item = container_of((head)->next, __typeof__(*item), member);                         \
	     &item->member != (head);                                                              \
	     item = container_of(item->member.next, __typeof__(*item), member))
