#include "replication/postgres/event_fd.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "repr/error.hpp"

namespace tailrace::replication {

EventFd::EventFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0) throw SqlError(sqlstate::io_error, "out of file descriptors");
}

EventFd::~EventFd() {
  ::close(fd_);
}

void EventFd::notify() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void EventFd::clear() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(fd_, &count, sizeof count);
}

}  // namespace tailrace::replication
