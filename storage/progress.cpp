#include "storage/progress.hpp"

namespace tailrace::storage {

void Progress::notify() {
  // The empty critical section orders this after a waiter's check: none can miss it.
  { std::lock_guard lock(mutex_); }
  changed_.notify_all();
}

void Progress::notify_watchers() {
  std::lock_guard lock(watchers_mutex_);
  for (const auto& [watcher, wake] : watchers_) wake();
}

void Progress::watch(const void* watcher, std::function<void()> wake) {
  std::lock_guard lock(watchers_mutex_);
  watchers_[watcher] = std::move(wake);
}

void Progress::unwatch(const void* watcher) {
  std::lock_guard lock(watchers_mutex_);
  watchers_.erase(watcher);
}

void Progress::wait(CancelToken& cancel, const std::function<bool()>& done) {
  if (done()) return;
  CancelToken::Registration registration(cancel, [this] { notify(); });
  std::unique_lock lock(mutex_);
  while (!cancel.cancelled()) {
    if (done()) return;
    changed_.wait(lock);
  }
  lock.unlock();  // `cancel` holds its own lock while it wakes us
  cancel.raise();
}

}  // namespace tailrace::storage
