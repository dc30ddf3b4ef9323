#include "replication/ssh/channel.hpp"

#include <libssh2.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace tailrace::replication::ssh {
namespace {

// At most so much is moved for one channel before the others have their turn.
constexpr std::size_t turn_bytes_max = 256 << 10;
constexpr std::size_t read_bytes = 64 << 10;
constexpr std::size_t write_bytes = 32 << 10;
// While so much waits for the bastion nothing more is taken from local sockets.
constexpr std::size_t unsent_bytes_max = 1 << 20;

}  // namespace

short Channel::events() const {
  int events = 0;
  if (to_remote_.empty() && link_.unsent() < unsent_bytes_max) events |= POLLIN;
  if (!to_local_.empty()) events |= POLLOUT;
  return static_cast<short>(events);
}

bool Channel::pump() {
  if (ended_ || !has_socket()) return false;
  const bool received = pump_to_local();
  const bool sent = !ended_ && pump_to_remote();
  return received || sent;
}

// What ends a channel alone ends it; anything else is the end of the session.
void Channel::check(long code) {
  if (code >= 0 || code == LIBSSH2_ERROR_EAGAIN) return;
  if (code == LIBSSH2_ERROR_CHANNEL_CLOSED || code == LIBSSH2_ERROR_CHANNEL_EOF_SENT ||
      code == LIBSSH2_ERROR_CHANNEL_UNKNOWN) {
    ended_ = true;
    return;
  }
  link_.fail(static_cast<int>(code));
}

// False: the socket takes no more now, or is gone.
bool Channel::send_local() {
  while (local_sent_ < to_local_.size()) {
    const ssize_t size = ::send(fd(), to_local_.data() + local_sent_,
                                to_local_.size() - local_sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      if (errno != EAGAIN) ended_ = true;
      return false;
    }
    local_sent_ += static_cast<std::size_t>(size);
  }
  to_local_.clear();
  local_sent_ = 0;
  return true;
}

bool Channel::pump_to_local() {
  if (!send_local()) return false;
  std::size_t moved = 0;
  while (moved < turn_bytes_max) {
    to_local_.resize(read_bytes);
    const long size =
        static_cast<long>(libssh2_channel_read(channel_, to_local_.data(), to_local_.size()));
    to_local_.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    check(size);
    if (size == 0 && libssh2_channel_eof(channel_) == 1) ended_ = true;
    if (size <= 0 || ended_) break;
    moved += static_cast<std::size_t>(size);
    if (!send_local()) break;
  }
  return moved > 0;
}

bool Channel::pump_to_remote() {
  bool moved = false;
  for (std::size_t turn = 0; turn < turn_bytes_max / write_bytes; ++turn) {
    if (to_remote_.empty()) {
      if (!readable_ || link_.unsent() >= unsent_bytes_max) break;
      to_remote_.resize(write_bytes);
      const ssize_t size = ::recv(fd(), to_remote_.data(), to_remote_.size(), MSG_DONTWAIT);
      const int error = errno;
      to_remote_.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
      remote_sent_ = 0;
      if (size < static_cast<ssize_t>(write_bytes)) readable_ = false;
      if (size == 0 || (size < 0 && error != EAGAIN && error != EINTR)) ended_ = true;
      if (size <= 0) break;
    }
    const long size = static_cast<long>(libssh2_channel_write(
        channel_, to_remote_.data() + remote_sent_, to_remote_.size() - remote_sent_));
    check(size);
    if (size <= 0 || ended_) break;  // its window is full
    moved = true;
    remote_sent_ += static_cast<std::size_t>(size);
    if (remote_sent_ == to_remote_.size()) to_remote_.clear();
  }
  return moved;
}

bool Channel::close() {
  socket_ = Socket();
  if (libssh2_channel_close(channel_) == LIBSSH2_ERROR_EAGAIN) return false;
  return libssh2_channel_free(channel_) != LIBSSH2_ERROR_EAGAIN;
}

}  // namespace tailrace::replication::ssh
