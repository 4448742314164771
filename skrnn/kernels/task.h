/* Work on a range, of which threads take parts. */
#ifndef SKRNN_TASK_H
#define SKRNN_TASK_H

typedef void (*task)(const void *context, int first, int last);

#endif
