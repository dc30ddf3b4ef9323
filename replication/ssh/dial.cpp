#include "replication/ssh/dial.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "replication/postgres/event_fd.hpp"
#include "replication/upstream_error.hpp"

namespace tailrace::replication::ssh {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

using Addresses = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { freeaddrinfo(list); })>;

Addresses resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    throw UpstreamError(
        sqlstate::connection_failure, "",
        fmt::format("failed to lookup address information: {}", ::gai_strerror(failed)))
        .layer("ssh");
  }
  return Addresses(found);
}

// 0, or what went wrong.
int connect_one(int fd, const addrinfo& address, steady_clock::time_point deadline,
                CancelToken& cancel) {
  EventFd woken;
  const CancelToken::Registration wake(cancel, [&] { woken.notify(); });
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return ETIMEDOUT;
    pollfd waiting[2] = {{fd, POLLOUT, 0}, {woken.fd(), POLLIN, 0}};
    ::poll(waiting, 2, static_cast<int>(left.count()));
    cancel.check();
    if (waiting[0].revents == 0) continue;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Socket dial(const std::string& host, std::uint16_t port, steady_clock::time_point deadline,
            CancelToken& cancel) {
  const Addresses addresses = resolve(host, port);
  cancel.check();
  int error = 0;
  for (const addrinfo* address = addresses.get(); address; address = address->ai_next) {
    Socket socket(::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.fd() < 0) {
      error = errno;
      continue;
    }
    error = connect_one(socket.fd(), *address, deadline, cancel);
    if (error != 0) continue;
    const int on = 1;
    ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket.fd(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return socket;
  }
  throw UpstreamError(sqlstate::connection_failure, "",
                      fmt::format("failed to connect to the remote host: connect to host {} port "
                                  "{}: {}",
                                  host, port, std::strerror(error)))
      .layer("ssh");
}

}  // namespace tailrace::replication::ssh
