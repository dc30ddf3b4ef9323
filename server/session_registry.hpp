// The open sessions by connection id, for who wants to stop one from another connection.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "engine/coordinator/session.hpp"

namespace tailrace::server {

// A session that others may stop. They reach it under the lock, and only while it runs something,
// so that a late request does not hit the next statement.
class StoppableSession {
 public:
  explicit StoppableSession(std::unique_ptr<engine::Session> session)
      : session_(std::move(session)) {}

  engine::Session& get() { return *session_; }
  void set_running(bool running) {
    const std::lock_guard lock(mutex_);
    running_ = running;
  }
  void cancel() {
    const std::lock_guard lock(mutex_);
    if (running_) session_->cancel();
  }

 private:
  std::mutex mutex_;
  bool running_ = false;
  std::unique_ptr<engine::Session> session_;
};

class SessionRegistry {
 public:
  struct Key {
    std::uint32_t connection_id = 0;
    std::uint32_t secret = 0;
  };
  // A fresh id with a random secret; `add` makes it known.
  Key make_key();
  void add(Key key, std::shared_ptr<StoppableSession> session);
  void remove(Key key);
  // Does nothing if there is no such session or the secret is wrong.
  void cancel(Key key);

 private:
  struct Entry {
    std::uint32_t secret = 0;
    std::shared_ptr<StoppableSession> session;
  };
  std::mutex mutex_;
  std::uint32_t last_id_ = 0;
  std::unordered_map<std::uint32_t, Entry> entries_;
};

}  // namespace tailrace::server
