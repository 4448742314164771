/* Jobs for the helper threads of skrnn/kernels/threads.h, for ThreadSanitizer to watch: callers on
   several threads, jobs of all sizes, numbers of threads that change, pauses in which the helpers
   fall asleep, and forks. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "threads.h"

#define N_CALLERS 3
#define N_JOBS 3000
#define MAX_N 400

typedef struct {
    const int *in; /* (n,) */
    long *out;     /* (n,), each written by one part */
} job;

static void square(const void *context, int first, int last)
{
    const job *j = context;
    for (int i = first; i < last; i++)
        j->out[i] = (long)j->in[i] * j->in[i];
}

static int failures = 0;

static void run_jobs(unsigned seed, int n_jobs)
{
    int in[MAX_N];
    long out[MAX_N];
    const job j = {in, out};
    for (int k = 0; k < n_jobs; k++) {
        const int n = 1 + rand_r(&seed) % MAX_N, grain = 1 + rand_r(&seed) % 30;
        for (int i = 0; i < n; i++)
            in[i] = rand_r(&seed) % 10000, out[i] = -1;
        omp_set_num_threads(1 + rand_r(&seed) % 5);
        run_task(square, &j, n, grain, 2 * WORTH_SHARING);
        for (int i = 0; i < n; i++)
            if (out[i] != (long)in[i] * in[i])
                __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
        if (k % 100 == 0)
            usleep(2000);
    }
}

static void *call(void *argument)
{
    run_jobs((unsigned)(intptr_t)argument, N_JOBS);
    return NULL;
}

int main(void)
{
    pthread_t callers[N_CALLERS];
    for (intptr_t i = 0; i < N_CALLERS; i++)
        pthread_create(&callers[i], NULL, call, (void *)(i + 1));
    for (int i = 0; i < N_CALLERS; i++)
        pthread_join(callers[i], NULL);
    /* The helpers are alive, and the child has none of them. */
    for (int i = 0; i < 5; i++) {
        const pid_t child = fork();
        if (child == 0) {
            run_jobs(100 + i, 200);
            _exit(failures > 0);
        }
        int status;
        waitpid(child, &status, 0);
        failures += status != 0;
    }
    printf("%d jobs of %d callers, %d wrong\n", N_JOBS, N_CALLERS, failures);
    return failures > 0;
}
