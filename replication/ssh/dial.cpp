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

using AddressInfo = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { freeaddrinfo(list); })>;

// Of a numeric address; null if the system cannot use it.
AddressInfo address_info(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    return nullptr;
  return AddressInfo(found);
}

std::vector<std::string> addresses_of(const std::string& host, const NetworkRules& rules,
                                      steady_clock::time_point deadline, CancelToken& cancel) {
  try {
    return find_addresses(host, rules, deadline, cancel);
  } catch (UpstreamError& error) {
    error.layer("ssh");
    throw;
  }
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

Socket dial(const std::string& host, std::uint16_t port, const NetworkRules& rules,
            steady_clock::time_point deadline, CancelToken& cancel) {
  const auto addresses = addresses_of(host, rules, deadline, cancel);
  int error = EADDRNOTAVAIL;
  std::string failures;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const AddressInfo address = address_info(addresses[i], port);
    if (!address) continue;
    Socket socket(::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    error = socket.fd() < 0 ? errno
                            : connect_one(socket.fd(), *address,
                                          share_of(deadline, addresses.size() - i), cancel);
    if (error != 0) {
      if (addresses.size() > 1)
        failures += fmt::format("{}{}: {}.", i > 0 ? " " : "", addresses[i], std::strerror(error));
      continue;
    }
    const int on = 1;
    ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket.fd(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return socket;
  }
  UpstreamError unreachable(sqlstate::connection_failure, "",
                            fmt::format("failed to connect to the remote host: connect to host {} "
                                        "port {}: {}",
                                        host, port, std::strerror(error)));
  unreachable.layer("ssh").detail(failures);
  throw unreachable;
}

}  // namespace tailrace::replication::ssh
