#include "base/journal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Where in this file a record was sent from tells nobody anything. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/list.h"

enum { QUEUE_BYTES_MAX = 1024 * 1024 };

/* One allocation: the record, its fields, their bytes. */
struct record {
	struct list link;
	size_t bytes;
	int count;
	struct iovec fields[];
};

static struct {
	pthread_mutex_t mutex; /* guards the rest */
	pthread_cond_t filled, emptied;
	struct list queue;
	size_t bytes; /* in the queue and in the thread's hands */
	bool running;
} journal = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER,
	.emptied = PTHREAD_COND_INITIALIZER,
	.queue = { &journal.queue, &journal.queue },
};

static struct record *copy_record(const struct iovec *fields, size_t count)
{
	size_t bytes = sizeof(struct record) + count * sizeof(*fields);

	for (size_t i = 0; i < count; i++)
		bytes += fields[i].iov_len;
	struct record *record = malloc(bytes);
	if (!record)
		return NULL;
	record->bytes = bytes;
	record->count = (int)count;
	char *to = (char *)(record->fields + count);
	for (size_t i = 0; i < count; i++) {
		record->fields[i] = (struct iovec){ .iov_base = to, .iov_len = fields[i].iov_len };
		memcpy(to, fields[i].iov_base, fields[i].iov_len);
		to += fields[i].iov_len;
	}
	return record;
}

static void *empty_queue(void *unused)
{
	(void)unused;
	(void)pthread_mutex_lock(&journal.mutex);
	for (;;) {
		while (list_empty(&journal.queue))
			(void)pthread_cond_wait(&journal.filled, &journal.mutex);
		struct record *record = list_first(&journal.queue, struct record, link);
		list_remove(&record->link);
		(void)pthread_mutex_unlock(&journal.mutex);

		/* A journal that is not there has nobody who could be told. */
		(void)sd_journal_sendv(record->fields, record->count);

		(void)pthread_mutex_lock(&journal.mutex);
		journal.bytes -= record->bytes;
		free(record);
		if (journal.bytes == 0)
			(void)pthread_cond_broadcast(&journal.emptied);
	}
	return NULL;
}

/* Signals are the loop's. */
static bool start_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	(void)sigfillset(&all);
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = pthread_create(&thread, &attributes, empty_queue, NULL) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	return started;
}

bool journal_put(const struct iovec *fields, size_t count)
{
	struct record *record = copy_record(fields, count);

	if (!record)
		return false;
	(void)pthread_mutex_lock(&journal.mutex);
	if (!journal.running)
		journal.running = start_thread();
	bool taken = journal.running && journal.bytes + record->bytes <= QUEUE_BYTES_MAX;
	if (taken) {
		journal.bytes += record->bytes;
		list_append(&journal.queue, &record->link);
		(void)pthread_cond_signal(&journal.filled);
	}
	(void)pthread_mutex_unlock(&journal.mutex);
	if (!taken)
		free(record);
	return taken;
}

void journal_flush(int64_t wait_ms)
{
	struct timespec until;

	if (clock_gettime(CLOCK_REALTIME, &until) != 0)
		return;
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += wait_ms % 1000 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_mutex_lock(&journal.mutex);
	int rc = 0;
	while (journal.bytes > 0 && rc == 0)
		rc = pthread_cond_timedwait(&journal.emptied, &journal.mutex, &until);
	(void)pthread_mutex_unlock(&journal.mutex);
}
