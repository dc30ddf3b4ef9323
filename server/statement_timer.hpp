// statement_timeout: cancels the statement that runs too long.
//
// One thread runs statements, another one calls `check` now and then. A statement that has ended is
// not cancelled any more, nor is the next one in its stead.
#pragma once

#include <chrono>
#include <mutex>

#include "engine/coordinator/session.hpp"

namespace tailrace::server {

class StatementTimer {
 public:
  using Clock = std::chrono::steady_clock;

  void start(engine::Session& session, const engine::Portal& portal) {
    const std::chrono::milliseconds limit = session.statement_timeout(portal);
    if (limit.count() == 0) return;
    const std::lock_guard lock(mutex_);
    session_ = &session;
    deadline_ = Clock::now() + limit;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    session_ = nullptr;
  }
  void check(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (session_ == nullptr || now < deadline_) return;
    session_->cancel(
        SqlError(sqlstate::query_canceled, "canceling statement due to statement timeout"));
    session_ = nullptr;
  }

 private:
  std::mutex mutex_;
  engine::Session* session_ = nullptr;  // whose statement runs
  Clock::time_point deadline_;
};

}  // namespace tailrace::server
