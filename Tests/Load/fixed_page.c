// The least that answers: one loop at real-time priority that sends the same bytes for whatever comes.
//
//     cc -O2 -o fixed_page Tests/Load/fixed_page.c && ./fixed_page PORT
//
// What mixed.py --fixed-page compares the health page with: how long this takes beside a server whose
// workers compute is the machine's part in how long anything takes there.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char page[] =
    "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: application/json\r\n"
    "X-Request-Id: 0000000000000000\r\nContent-Length: 13\r\n\r\n{\"live\":true}";

static void watch(int set, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event);
}

int main(int count, char **arguments) {
    const struct sched_param parameters = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_RR, &parameters) != 0) perror("fixed_page: without real-time priority");
    const int on = 1, door = socket(AF_INET, SOCK_STREAM, 0), set = epoll_create1(0);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(count > 1 ? atoi(arguments[1]) : 0),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(door, (struct sockaddr *)&address, sizeof address) != 0 || listen(door, 16) != 0) {
        perror("fixed_page");
        return 1;
    }
    watch(set, door);
    for (;;) {
        struct epoll_event events[16];
        const int ready = epoll_wait(set, events, 16, -1);
        for (int index = 0; index < ready; index += 1) {
            static char request[65536];
            const int descriptor = events[index].data.fd;
            if (descriptor == door) {
                const int client = accept(door, NULL, NULL);
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                watch(set, client);
            } else if (recv(descriptor, request, sizeof request, 0) <= 0 ||
                       send(descriptor, page, strlen(page), MSG_NOSIGNAL) < 0) {
                close(descriptor);
            }
        }
    }
}
