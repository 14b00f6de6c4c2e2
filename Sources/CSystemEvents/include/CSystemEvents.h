// What Swift's Glibc module leaves out of Linux's event interface: epoll, eventfd, accept4.
#ifndef CSYSTEMEVENTS_H
#define CSYSTEMEVENTS_H
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>

// <sys/socket.h> declares accept4 under _GNU_SOURCE alone, which would give fd_set another layout
// here than in the Glibc module; so it is declared once more.
struct sockaddr;
extern int accept4(int descriptor, struct sockaddr *address, unsigned int *length, int flags);
#endif
#endif
