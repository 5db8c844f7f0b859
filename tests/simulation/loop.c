/*
 * libuv as far as the daemon uses it, on the world's clock. These definitions come before those of
 * the shared library, so the daemon's own code runs on them unchanged.
 *
 * A handle counts from its init to its close callback; uv_loop_close() refuses while one is open,
 * as the real one does. Work is done on the spot, at the beginning or at the end of its virtual
 * time, by luck: a worker thread may be fast or slow.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/reserve.h"
#include "tests/simulation/world.h"

enum { ACTIVE = 1, CLOSING = 2 };
enum { WORK_MAX_US = 3000 };

int uv_loop_init(uv_loop_t *loop)
{
	memset(loop, 0, sizeof(*loop));
	assert(the_world->active == 0 && the_world->open_handles == 0);
	return 0;
}

/* There are no threads to be had, and no sockets to be watched. */
int reserve(uv_loop_t *loop, struct error *err)
{
	(void)loop;
	(void)err;
	return 0;
}

int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
	struct world *world = the_world;

	(void)loop;
	assert(mode == UV_RUN_DEFAULT);
	while (world->active > 0)
		if (!world_step(world)) {
			world_fail(world, "the loop waits for ever");
			return 1;
		}
	return 0;
}

int uv_loop_close(uv_loop_t *loop)
{
	(void)loop;
	if (the_world->open_handles == 0 && the_world->active == 0)
		return 0;
	world_fail(the_world, "%zu handles are open when the loop is closed",
		   the_world->open_handles);
	return UV_EBUSY;
}

uint64_t uv_now(const uv_loop_t *loop)
{
	(void)loop;
	return (uint64_t)(the_world->now_us / 1000);
}

void uv_update_time(uv_loop_t *loop)
{
	(void)loop;
}

uint64_t uv_hrtime(void)
{
	return (uint64_t)the_world->now_us * 1000;
}

/* ---- handles -------------------------------------------------------------------------------- */

/* An event that belongs to a handle lives in a word of it that libuv keeps for itself. */
static struct event **event_of(uv_handle_t *handle)
{
	return (struct event **)&handle->u.reserved[0];
}

/* `data` stays as the caller set it, before or after. */
static void open_handle(uv_loop_t *loop, uv_handle_t *handle, uv_handle_type type)
{
	handle->loop = loop;
	handle->type = type;
	handle->flags = 0;
	handle->close_cb = NULL;
	*event_of(handle) = NULL;
	the_world->open_handles++;
}

static void set_active(uv_handle_t *handle, bool active)
{
	bool was = handle->flags & ACTIVE;

	if (was == active)
		return;
	handle->flags ^= ACTIVE;
	the_world->active += active ? 1 : (size_t)-1;
}

int uv_is_closing(const uv_handle_t *handle)
{
	return (handle->flags & CLOSING) != 0;
}

int uv_is_active(const uv_handle_t *handle)
{
	return (handle->flags & ACTIVE) != 0;
}

static void on_closed(void *data)
{
	uv_handle_t *handle = data;

	the_world->active--;
	the_world->open_handles--;
	if (handle->close_cb)
		handle->close_cb(handle);
}

void uv_close(uv_handle_t *handle, uv_close_cb close_cb)
{
	assert(!uv_is_closing(handle));
	world_cancel(the_world, *event_of(handle));
	*event_of(handle) = NULL;
	for (size_t i = 0; i < ARRAY_LEN(the_world->signal_handles); i++)
		if (the_world->signal_handles[i] == handle)
			the_world->on_signal[i] = NULL;
	set_active(handle, false);
	handle->flags |= CLOSING;
	handle->close_cb = close_cb;
	the_world->active++;
	world_at(the_world, the_world->now_us, on_closed, handle);
}

/* ---- timers --------------------------------------------------------------------------------- */

int uv_timer_init(uv_loop_t *loop, uv_timer_t *timer)
{
	open_handle(loop, (uv_handle_t *)timer, UV_TIMER);
	timer->timer_cb = NULL;
	timer->repeat = 0;
	return 0;
}

static void on_due(void *data)
{
	uv_timer_t *timer = data;

	*event_of((uv_handle_t *)timer) = NULL;
	set_active((uv_handle_t *)timer, false);
	if (timer->repeat)
		uv_timer_start(timer, timer->timer_cb, timer->repeat, timer->repeat);
	timer->timer_cb(timer);
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
	if (uv_is_closing((uv_handle_t *)timer) || !cb)
		return UV_EINVAL;
	uv_timer_stop(timer);
	timer->timer_cb = cb;
	timer->repeat = repeat;
	/* Due at a whole millisecond of the loop's clock, as the real ones are. */
	*event_of((uv_handle_t *)timer) =
		world_at(the_world, (the_world->now_us / 1000 + (int64_t)timeout) * 1000, on_due,
			 timer);
	set_active((uv_handle_t *)timer, true);
	return 0;
}

int uv_timer_stop(uv_timer_t *timer)
{
	struct event **event = event_of((uv_handle_t *)timer);

	world_cancel(the_world, *event);
	*event = NULL;
	set_active((uv_handle_t *)timer, false);
	return 0;
}

int uv_timer_again(uv_timer_t *timer)
{
	if (!timer->timer_cb)
		return UV_EINVAL;
	return timer->repeat ? uv_timer_start(timer, timer->timer_cb, timer->repeat, timer->repeat)
			     : 0;
}

/* ---- signals -------------------------------------------------------------------------------- */

int uv_signal_init(uv_loop_t *loop, uv_signal_t *signal)
{
	open_handle(loop, (uv_handle_t *)signal, UV_SIGNAL);
	return 0;
}

static void call_signal(void *handle, int number)
{
	uv_signal_t *signal = handle;

	signal->signal_cb(signal, number);
}

int uv_signal_start(uv_signal_t *signal, uv_signal_cb cb, int number)
{
	signal->signal_cb = cb;
	signal->signum = number;
	set_active((uv_handle_t *)signal, true);
	if (number == SIGTERM || number == SIGHUP) {
		size_t which = number == SIGHUP;
		the_world->on_signal[which] = call_signal;
		the_world->signal_handles[which] = signal;
	}
	return 0;
}

int uv_signal_stop(uv_signal_t *signal)
{
	for (size_t i = 0; i < ARRAY_LEN(the_world->signal_handles); i++)
		if (the_world->signal_handles[i] == signal)
			the_world->on_signal[i] = NULL;
	set_active((uv_handle_t *)signal, false);
	return 0;
}

/* ---- from other threads ---------------------------------------------------------------------- */

int uv_async_init(uv_loop_t *loop, uv_async_t *async, uv_async_cb cb)
{
	open_handle(loop, (uv_handle_t *)async, UV_ASYNC);
	async->async_cb = cb;
	set_active((uv_handle_t *)async, true);
	return 0;
}

static void on_sent(void *data)
{
	uv_async_t *async = data;

	*event_of((uv_handle_t *)async) = NULL;
	async->async_cb(async);
}

int uv_async_send(uv_async_t *async)
{
	struct event **event = event_of((uv_handle_t *)async);

	if (!*event && !uv_is_closing((uv_handle_t *)async))
		*event = world_at(the_world, the_world->now_us, on_sent, async);
	return 0;
}

/* ---- work -------------------------------------------------------------------------------------
 */

static void on_work_late(void *data)
{
	uv_work_t *work = data;

	work->work_cb(work);
	the_world->active--;
	work->after_work_cb(work, 0);
}

static void on_work_done(void *data)
{
	uv_work_t *work = data;

	the_world->active--;
	work->after_work_cb(work, 0);
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb work_cb, uv_after_work_cb after)
{
	struct luck *luck = &the_world->loop_luck;
	int64_t done_us = the_world->now_us + luck_between(luck, 0, WORK_MAX_US);
	bool late = luck_hits(luck, 500);

	if (!work_cb)
		return UV_EINVAL;
	work->loop = loop;
	work->work_cb = work_cb;
	work->after_work_cb = after;
	the_world->active++;
	if (!late)
		work_cb(work);
	world_at(the_world, done_us, late ? on_work_late : on_work_done, work);
	return 0;
}
