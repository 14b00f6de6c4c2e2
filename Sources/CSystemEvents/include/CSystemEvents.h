// What Swift's Glibc module leaves out of Linux's event interface: epoll, eventfd, accept4.
#ifndef CSYSTEMEVENTS_H
#define CSYSTEMEVENTS_H
#ifdef __linux__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#endif
#endif
