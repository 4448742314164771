/* Threads that claim the parts of a job, so that a busy core delays nothing but the part it has.

   OpenMP says how many threads there may be; its own teams are not used, because every member
   must reach the end of every parallel region: on a machine with other work, a step of a fraction
   of a millisecond then takes as long as the scheduler's turn of several. Here the caller publishes
   a job and works on it at once; helpers that are awake claim parts too, and the caller waits for
   claimed parts only. */
#ifndef SKRNN_THREADS_H
#define SKRNN_THREADS_H

#include "task.h"

static inline int count_parts(int n, int grain) { return (n + grain - 1) / grain; }

#ifdef _OPENMP
#include <omp.h>
#endif

#if defined(_OPENMP) && (defined(__unix__) || defined(__APPLE__))
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

/* Below this many floating-point operations, about 20 microseconds' work, nobody is called. */
#define WORTH_SHARING 2e6

/* How often a helper without a job, or a caller without parts, looks again before it sleeps: about
   100 microseconds, the time between two passes of a small network. */
#define N_LOOKS 4000
#define MAX_HELPERS 255

static struct {
    /* The job, and how many helpers may take part. */
    _Atomic(task) f;
    _Atomic(const void *) context;
    atomic_int n, grain, n_helpers;
    /* The job's number in the high half, how many of its parts are unclaimed in the low one. */
    _Atomic uint64_t ticket;
    atomic_int n_unfinished;
    /* Who sleeps. */
    atomic_int sleeping_helpers, caller_sleeps;
    pthread_mutex_t mutex;
    pthread_cond_t published, finished;
    /* One caller at a time; another one works alone. */
    atomic_flag taken;
    int n_started;
} pool = {
    .taken = ATOMIC_FLAG_INIT,
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .published = PTHREAD_COND_INITIALIZER,
    .finished = PTHREAD_COND_INITIALIZER,
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    sched_yield();
#endif
}

#define CALLER -1 /* the index of the one who always takes part */

/* Claim and do parts of the current job until none is left for this helper. */
static void work(int index)
{
    uint64_t ticket = atomic_load(&pool.ticket);
    while ((uint32_t)ticket > 0 && index < atomic_load(&pool.n_helpers)) {
        const task f = atomic_load(&pool.f);
        const void *context = atomic_load(&pool.context);
        const int n = atomic_load(&pool.n), grain = atomic_load(&pool.grain);
        /* If this succeeds the job was unfinished all the while, so what was read belongs to it. */
        if (!atomic_compare_exchange_weak(&pool.ticket, &ticket, ticket - 1))
            continue;
        const int first = (count_parts(n, grain) - (int)(uint32_t)ticket) * grain;
        f(context, first, first + grain < n ? first + grain : n);
        if (atomic_fetch_sub(&pool.n_unfinished, 1) == 1 && atomic_load(&pool.caller_sleeps)) {
            pthread_mutex_lock(&pool.mutex);
            pthread_cond_signal(&pool.finished);
            pthread_mutex_unlock(&pool.mutex);
        }
        ticket = atomic_load(&pool.ticket);
    }
}

/* Whether there is a job after the one seen in which the helper may take part. */
static int is_wanted(int index, uint64_t seen)
{
    return atomic_load(&pool.ticket) >> 32 != seen && index < atomic_load(&pool.n_helpers);
}

static void *help(void *argument)
{
    const int index = (int)(intptr_t)argument;
    uint64_t seen = 0;
    for (;;) {
        for (int i = 0;
             i < N_LOOKS && index < atomic_load(&pool.n_helpers) && !is_wanted(index, seen); i++)
            relax();
        if (!is_wanted(index, seen)) {
            pthread_mutex_lock(&pool.mutex);
            atomic_fetch_add(&pool.sleeping_helpers, 1);
            while (!is_wanted(index, seen))
                pthread_cond_wait(&pool.published, &pool.mutex);
            atomic_fetch_sub(&pool.sleeping_helpers, 1);
            pthread_mutex_unlock(&pool.mutex);
        }
        seen = atomic_load(&pool.ticket) >> 32;
        work(index);
    }
    return NULL;
}

/* A forked process has none of the threads, and the job that one of them may have published lies
   on a stack that is gone. */
static void forget_helpers(void)
{
    pool.n_started = 0;
    atomic_store(&pool.ticket, 0);
    atomic_store(&pool.n_unfinished, 0);
    atomic_store(&pool.sleeping_helpers, 0);
    atomic_store(&pool.caller_sleeps, 0);
    atomic_flag_clear(&pool.taken);
    pthread_mutex_init(&pool.mutex, NULL);
    pthread_cond_init(&pool.published, NULL);
    pthread_cond_init(&pool.finished, NULL);
}

/* As many helpers as asked for, or as can be had. */
static int start_helpers(int n_helpers)
{
    static atomic_flag registered = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&registered))
        pthread_atfork(NULL, NULL, forget_helpers);
    while (pool.n_started < n_helpers && pool.n_started < MAX_HELPERS) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, help, (void *)(intptr_t)pool.n_started))
            break;
        pthread_detach(thread);
        pool.n_started++;
    }
    return pool.n_started < n_helpers ? pool.n_started : n_helpers;
}

static void run_parts(task f, const void *context, int n, int grain, int n_parts, int n_threads)
{
    atomic_store(&pool.n_helpers, start_helpers(n_threads - 1));
    atomic_store(&pool.f, f);
    atomic_store(&pool.context, context);
    atomic_store(&pool.n, n);
    atomic_store(&pool.grain, grain);
    atomic_store(&pool.n_unfinished, n_parts);
    atomic_store(&pool.ticket, ((atomic_load(&pool.ticket) >> 32) + 1) << 32 | n_parts);
    /* Those above the limit sleep on; whoever is asleep besides them is called. */
    if (atomic_load(&pool.sleeping_helpers) > pool.n_started - atomic_load(&pool.n_helpers)) {
        pthread_mutex_lock(&pool.mutex);
        pthread_cond_broadcast(&pool.published);
        pthread_mutex_unlock(&pool.mutex);
    }
    work(CALLER);
    for (int i = 0; i < N_LOOKS && atomic_load(&pool.n_unfinished); i++)
        relax();
    if (atomic_load(&pool.n_unfinished)) {
        pthread_mutex_lock(&pool.mutex);
        atomic_store(&pool.caller_sleeps, 1);
        while (atomic_load(&pool.n_unfinished))
            pthread_cond_wait(&pool.finished, &pool.mutex);
        atomic_store(&pool.caller_sleeps, 0);
        pthread_mutex_unlock(&pool.mutex);
    }
}
#endif

/* Calls f for 0 to n in parts of `grain`, whatever the number of threads; `flops` is how much work
   that is. */
static void run_task(task f, const void *context, int n, int grain, double flops)
{
#if defined(_OPENMP) && (defined(__unix__) || defined(__APPLE__))
    const int n_parts = count_parts(n, grain), allowed = omp_get_max_threads();
    const int n_threads = allowed < n_parts ? allowed : n_parts;
    if (n_threads > 1 && flops > WORTH_SHARING && !atomic_flag_test_and_set(&pool.taken)) {
        run_parts(f, context, n, grain, n_parts, n_threads);
        atomic_flag_clear(&pool.taken);
        return;
    }
#endif
    for (int first = 0; first < n; first += grain)
        f(context, first, first + grain < n ? first + grain : n);
}

#endif
