// A session with a bastion, connected and logged in, whose socket never blocks.
//
// libssh2 wants a packet that the socket did not take to be offered again before any other; with many channels nobody
// could promise that. So it reads from and writes to buffers here, and the socket is served from them: what libssh2
// sends is always taken, and who uses channels stops writing while `unsent()` is large. For one thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "replication/ssh/config.hpp"
#include "replication/ssh/dial.hpp"
#include "repr/cancel.hpp"

struct _LIBSSH2_SESSION;

namespace tailrace::replication::ssh {

class Link {
 public:
  // Connects, checks the host key, logs in, within the configured time. Throws UpstreamError, or what `cancel` says.
  Link(const TunnelConfig& config, CancelToken& cancel);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  _LIBSSH2_SESSION* session() { return session_; }
  int fd() const { return socket_.fd(); }

  void receive();  // what the socket has, for libssh2 to take
  void send();     // what libssh2 wrote, as far as the socket takes it
  std::size_t unsent() const { return output_.size() - sent_; }
  bool has_unread() const { return taken_ < input_.size(); }
  bool closed() const { return closed_; }  // the other side, or by an error

  // Throws if the bastion has been silent for too long; asks it for a word when it has been for a while. Returns how
  // long until the next look is due.
  std::chrono::milliseconds check_alive();

  // Libssh2's own words for what went wrong last.
  std::string last_error() const;
  // A call that does not end with "again": `what` for the error.
  [[noreturn]] void fail(int code) const;

  // For libssh2.
  long take(char* into, std::size_t size);
  long put(const char* bytes, std::size_t size);

 private:
  void start(CancelToken& cancel);
  void check_host_key();
  void log_in(CancelToken& cancel);
  template <class Call>
  int finish(CancelToken& cancel, Call call);
  void wait(CancelToken& cancel);

  const TunnelConfig config_;
  const std::chrono::steady_clock::time_point deadline_;
  Socket socket_;
  _LIBSSH2_SESSION* session_ = nullptr;
  std::string host_key_;
  std::string input_;
  std::size_t taken_ = 0;
  std::string output_;
  std::size_t sent_ = 0;
  bool closed_ = false;
  std::chrono::steady_clock::time_point heard_;  // when the bastion last said anything
  bool asked_ = false;                           // for a sign of life, since then
};

}  // namespace tailrace::replication::ssh
