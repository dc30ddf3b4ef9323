// What a listener has not taken yet: filled by whoever publishes, emptied by the listener's thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "storage/manifest.hpp"
#include "storage/tail_run.hpp"

namespace tailrace::storage {

// Thread-safe. Above its bound of memory it forgets what it holds and says so: the same changes are
// then read again from the collections, where the listener's holds keep them. Above its bound of
// backlog it gives up.
class ListenerQueue {
 public:
  using Change = std::variant<TailRunPtr, ManifestEntry>;
  struct Item {
    std::size_t collection = 0;  // its place in the listener's list
    Change change;

    Timestamp min_time() const;
    Timestamp max_time() const;
    std::size_t bytes() const;  // as read
  };

  ListenerQueue(std::size_t bytes_max, std::uint64_t backlog_bytes_max)
      : bytes_max_(bytes_max), backlog_bytes_max_(backlog_bytes_max) {}

  void push(Item item);
  // Drops what was pushed for that place: it is about to be read from the collection.
  void forget(std::size_t place);
  void drop(CollectionId collection);
  // After an upper moved.
  void progress();

  // All that came since the last call; `forgotten` is set where some of it is missing. Throws 42P01
  // once a collection is gone, and 53400 after more than the bound came since the last call.
  std::vector<Item> take(bool& forgotten);
  void wait(CancelToken& cancel, const std::function<bool()>& ready);
  void on_progress(std::function<void()> wake);

 private:
  void notify();

  const std::size_t bytes_max_;
  const std::uint64_t backlog_bytes_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> items_;
  std::size_t bytes_ = 0;
  std::uint64_t backlog_bytes_ = 0;
  bool forgotten_ = false;
  std::optional<CollectionId> dropped_;
  std::function<void()> wake_;
};
using ListenerQueuePtr = std::shared_ptr<ListenerQueue>;

// 42P01: the collection does not exist (any more).
SqlError no_such_collection(CollectionId collection);

}  // namespace tailrace::storage
