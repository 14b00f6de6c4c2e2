// What Swift's Glibc module leaves out: epoll, eventfd, accept4, the allocator, flags of the scheduler, a
// clock without pointers.
#ifndef CSYSTEMEVENTS_H
#define CSYSTEMEVENTS_H
#ifdef __linux__
#include <malloc.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

// <sys/socket.h> declares accept4 under _GNU_SOURCE alone, which would give fd_set another layout
// here than in the Glibc module; so it is declared once more.
struct sockaddr;
extern int accept4(int descriptor, struct sockaddr *address, unsigned int *length, int flags);

// Has blocks of half a mebibyte and more given back to the system as soon as they are freed. Left to
// itself glibc keeps blocks up to the longest that was ever freed, of at most 32 MiB: so would the
// content of a few dozen long requests stay in memory for ever. The second line keeps short ones.
// Under mixed load (Tests/Load/mixed.py) 57 MB stay resident; with a mebibyte they were 62 and grew,
// as small blocks came to lie between large ones; with a quarter there were 11 % fewer answers.
static inline void return_large_blocks(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 19);
    mallopt(M_TRIM_THRESHOLD, 32 << 20);
#endif
}

// Gives the pages back that lie between blocks in use.
static inline void return_freed_pages(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// Gives the calling thread the lowest of the real-time priorities, or takes it away; whether that is
// allowed. Threads that it starts do not inherit it.
static inline bool set_real_time(bool on) {
    // <sched.h> has the flag under _GNU_SOURCE alone.
    const int reset_on_fork = 0x40000000;
    const struct sched_param parameters = {.sched_priority = on ? 1 : 0};
    return sched_setscheduler(0, (on ? SCHED_RR : SCHED_OTHER) | reset_on_fork, &parameters) == 0;
}

// The time of day.
static inline long long milliseconds_since_epoch(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}
#endif
#endif
