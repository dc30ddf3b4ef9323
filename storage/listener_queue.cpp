#include "storage/listener_queue.hpp"

#include <fmt/format.h>

namespace tailrace::storage {

namespace {

// Pages are read with about this much compression.
constexpr std::size_t part_inflation = 3;

}  // namespace

SqlError no_such_collection(CollectionId collection) {
  return SqlError(sqlstate::undefined_table,
                  fmt::format("collection {} does not exist", collection.value));
}

Timestamp ListenerQueue::Item::min_time() const {
  if (const auto* run = std::get_if<TailRunPtr>(&change)) return (*run)->min_time;
  return std::get<ManifestEntry>(change).min_time();
}

Timestamp ListenerQueue::Item::max_time() const {
  if (const auto* run = std::get_if<TailRunPtr>(&change)) return (*run)->max_time;
  return std::get<ManifestEntry>(change).max_time();
}

std::size_t ListenerQueue::Item::bytes() const {
  if (const auto* run = std::get_if<TailRunPtr>(&change)) return (*run)->bytes;
  return std::get<ManifestEntry>(change).part->info().bytes * part_inflation;
}

void ListenerQueue::push(Item item) {
  std::lock_guard lock(mutex_);
  // Parts are on disk: only what is in memory counts.
  const std::size_t bytes = std::holds_alternative<TailRunPtr>(item.change) ? item.bytes() : 0;
  backlog_bytes_ += bytes;
  if (forgotten_) return;
  bytes_ += bytes;
  if (bytes_ > bytes_max_) {
    items_.clear();
    bytes_ = 0;
    forgotten_ = true;
    return;
  }
  items_.push_back(std::move(item));
}

void ListenerQueue::forget(std::size_t place) {
  std::lock_guard lock(mutex_);
  std::erase_if(items_, [&](const Item& item) {
    if (item.collection != place) return false;
    if (std::holds_alternative<TailRunPtr>(item.change)) bytes_ -= item.bytes();
    return true;
  });
}

void ListenerQueue::drop(CollectionId collection) {
  {
    std::lock_guard lock(mutex_);
    dropped_ = collection;
  }
  notify();
}

void ListenerQueue::progress() {
  notify();
}

std::vector<ListenerQueue::Item> ListenerQueue::take(bool& forgotten) {
  std::lock_guard lock(mutex_);
  if (dropped_) throw no_such_collection(*dropped_);
  if (backlog_bytes_ > backlog_bytes_max_) {
    throw SqlError(
        sqlstate::configuration_limit_exceeded,
        fmt::format("a follower fell behind by more than {} bytes of changes", backlog_bytes_max_))
        .hint("Read faster, or begin again with a new snapshot.");
  }
  backlog_bytes_ = 0;
  forgotten = std::exchange(forgotten_, false);
  bytes_ = 0;
  return std::exchange(items_, {});
}

void ListenerQueue::wait(CancelToken& cancel, const std::function<bool()>& ready) {
  CancelToken::Registration registration(cancel, [this] { notify(); });
  std::unique_lock lock(mutex_);
  while (!cancel.cancelled()) {
    if (dropped_) throw no_such_collection(*dropped_);
    if (ready()) return;
    changed_.wait(lock);
  }
  lock.unlock();  // `cancel` holds its own lock while it wakes us
  cancel.raise();
}

void ListenerQueue::on_progress(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void ListenerQueue::notify() {
  std::lock_guard lock(mutex_);
  changed_.notify_all();
  if (wake_) wake_();
}

}  // namespace tailrace::storage
