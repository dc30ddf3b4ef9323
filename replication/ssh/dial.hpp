// TCP connections with a deadline.
#pragma once

#include <chrono>
#include <string>

#include "replication/network/addresses.hpp"
#include "repr/cancel.hpp"

namespace tailrace::replication::ssh {

// An owned descriptor.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept : fd_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;

  int fd() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

// A non-blocking socket connected to one of the host's addresses, the first that answers. Throws UpstreamError, or what
// `cancel` says.
Socket dial(const std::string& host, std::uint16_t port, const NetworkRules& rules,
            std::chrono::steady_clock::time_point deadline, CancelToken& cancel);

}  // namespace tailrace::replication::ssh
