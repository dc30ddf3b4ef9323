// One connection through a tunnel, as the thread that waits for it and the session that carries it share it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "replication/ssh/dial.hpp"
#include "replication/upstream_error.hpp"

namespace tailrace::replication::ssh {

// Guarded by its board's mutex.
struct Forward {
  std::pair<std::string, std::uint16_t> target() const { return {host, port}; }

  std::string host;  // of the target, as the bastion sees it
  std::uint16_t port = 0;
  enum class State : std::uint8_t { queued, opening, open, ended } state = State::queued;
  std::optional<UpstreamError> error;  // why it ended; none: as connections end
  Socket socket;                       // the near end, until the session takes it
  bool abandoned = false;              // nobody waits for it any more
};

// What waits to be opened, for the sessions of one tunnel to take.
struct Board {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Forward>> queue;
  // Targets of channels that sessions are opening now: each is asked for in one session at a time, so that one that
  // does not answer cannot keep several busy.
  std::set<std::pair<std::string, std::uint16_t>> opening;
};

}  // namespace tailrace::replication::ssh
