// How far the clock has come, and who waits for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "repr/cancel.hpp"
#include "repr/timestamp.hpp"

namespace tailrace::storage {

// Thread-safe.
class Progress {
 public:
  // The last visible time: clocked collections are complete through it.
  Timestamp latest_time() const { return latest_.load(std::memory_order_acquire); }
  void set_latest_time(Timestamp time) { latest_.store(time, std::memory_order_release); }

  // Wakes whoever waits, after any upper has moved or a collection has gone.
  void notify();
  // Calls all watchers, after the clock has moved. They must only notify.
  void notify_watchers();
  void watch(const void* watcher, std::function<void()> wake);
  void unwatch(const void* watcher);
  // Returns once `done` is true; asks again after each notify. Throws what `cancel` or `done` says.
  void wait(CancelToken& cancel, const std::function<bool()>& done);

 private:
  std::atomic<Timestamp> latest_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::mutex watchers_mutex_;
  std::unordered_map<const void*, std::function<void()>> watchers_;
};

}  // namespace tailrace::storage
