// One SSH session with a bastion and the thread that carries its channels.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "replication/postgres/event_fd.hpp"
#include "replication/ssh/channel.hpp"
#include "replication/ssh/config.hpp"
#include "replication/ssh/forward.hpp"

namespace tailrace::replication::ssh {

class Session {
 public:
  using Settings = std::function<TunnelConfig()>;

  // Logs in, takes what the board has, and goes on until it fails, is stopped, or nobody needed it for a while.
  Session(Board& board, const Settings& settings);
  ~Session();  // stops: what it carries ends with an error

  // With the board's mutex held.
  enum class State : std::uint8_t { starting, ready, ended };
  State state() const { return state_; }
  const std::optional<UpstreamError>& failure() const { return failure_; }  // why it ended
  bool was_ready() const { return was_ready_; }
  // A target that does not answer keeps the session from opening other channels.
  bool is_stuck(std::chrono::steady_clock::time_point now) const;

  void wake() { wake_.notify(); }
  // Ends soon; what it carries ends with an error.
  void stop();

 private:
  void run(const Settings& settings);
  void serve();
  bool idle_for_long();
  bool opens_for_nobody();
  void begin_opening();
  void go_on_opening();
  void opened(_LIBSSH2_CHANNEL* channel);
  void refused(const std::string& why);
  void take_sockets();
  bool pump();
  void wait(bool only_look);
  void end(std::optional<UpstreamError> failure);

  Board& board_;
  CancelToken stop_;
  EventFd wake_;
  CancelToken::Registration wake_on_stop_;

  // Guarded by the board's mutex.
  State state_ = State::starting;
  bool was_ready_ = false;
  std::optional<UpstreamError> failure_;
  std::optional<std::chrono::steady_clock::time_point> opening_since_;

  // Of the thread.
  std::unique_ptr<Link> link_;
  std::shared_ptr<Forward> opening_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<std::unique_ptr<Channel>> closing_;
  std::chrono::steady_clock::time_point busy_until_;
  std::thread thread_;
};

}  // namespace tailrace::replication::ssh
