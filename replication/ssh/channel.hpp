// One channel of an SSH session and the local socket whose bytes it carries. Non-blocking; for one thread.
#pragma once

#include <memory>
#include <string>

#include "replication/ssh/forward.hpp"
#include "replication/ssh/link.hpp"

struct _LIBSSH2_CHANNEL;

namespace tailrace::replication::ssh {

class Channel {
 public:
  Channel(Link& link, _LIBSSH2_CHANNEL* channel, std::shared_ptr<Forward> forward)
      : link_(link), channel_(channel), forward_(std::move(forward)) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  const std::shared_ptr<Forward>& forward() const { return forward_; }
  void set_socket(Socket socket) { socket_ = std::move(socket); }
  bool has_socket() const { return socket_.fd() >= 0; }
  int fd() const { return socket_.fd(); }
  _LIBSSH2_CHANNEL* handle() { return channel_; }
  // For poll(2): what the local socket is waited for now.
  short events() const;
  void set_readable() { readable_ = true; }  // poll(2) says so
  void end() { ended_ = true; }              // nobody wants it any more
  bool ended() const { return ended_; }

  // Moves what can be moved now, a bounded amount; true: something was. Throws if the whole session failed.
  bool pump();
  // After it has ended: tells the bastion and frees it; false: not yet.
  bool close();

 private:
  bool pump_to_local();
  bool pump_to_remote();
  void check(long code);
  bool send_local();

  Link& link_;
  _LIBSSH2_CHANNEL* channel_;
  std::shared_ptr<Forward> forward_;
  Socket socket_;
  std::string to_local_;
  std::size_t local_sent_ = 0;
  std::string to_remote_;
  std::size_t remote_sent_ = 0;
  bool readable_ = true;  // the local socket, as far as known
  bool ended_ = false;
};

}  // namespace tailrace::replication::ssh
