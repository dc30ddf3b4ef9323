// A request to stop, shared by who asks and who works. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "repr/error.hpp"

namespace tailrace {

// Work that can take long calls `check` now and then; work that blocks registers a waker.
class CancelToken {
 public:
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  // Throws the error given to `cancel`.
  void check() const {
    if (cancelled()) raise();
  }
  [[noreturn]] void raise() const;

  void cancel(SqlError error = SqlError(sqlstate::query_canceled,
                                        "canceling statement due to user request"));
  void reset();  // for the next statement; no one may be waiting

  // Calls `wake` once when cancelled (at once if it already is), unless the registration is gone by
  // then. `wake` runs under the token's lock: it must only notify.
  class Registration {
   public:
    Registration(CancelToken& token, std::function<void()> wake);
    ~Registration();
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    CancelToken& token_;
    std::uint64_t id_;
  };

 private:
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;
  std::unique_ptr<SqlError> error_;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> wakers_;
  std::uint64_t next_id_ = 1;
};

}  // namespace tailrace
