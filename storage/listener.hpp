// Following collections: every change after a time, in order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "repr/cancel.hpp"
#include "storage/collection_id.hpp"
#include "storage/snapshot.hpp"

namespace tailrace::storage {

// All changes with times in [lower, upper), lazily readable: bulk-loaded parts and truncations are
// read when asked for. Batches carry their times and diffs.
struct Changes {
  struct OfCollection {
    CollectionId collection;
    Chunks rows;
    Chunks errors;
  };
  Timestamp lower = 0;
  Timestamp upper = 0;  // complete: nothing below it will come any more, for any of the collections
  std::vector<OfCollection> changed;
};

// One thread at a time. Holds compaction from its position, which moves when changes are handed
// out: who must ask for the same changes again after a restart (a stored view that did not append
// them yet) keeps a ReadHold of its own.
class Listener {
 public:
  virtual ~Listener() = default;

  virtual Timestamp position() const = 0;  // the lower of what comes next
  // What is complete since the position, if anything; moves the position to its upper. Does not
  // wait. Stops at a time boundary after about `bytes_hint`, so that a lagging follower goes on in
  // pieces. Throws 42P01 once a collection was dropped, and 53400 if this listener fell behind its
  // budget.
  virtual std::optional<Changes> poll(std::size_t bytes_hint = 64 << 20) = 0;
  // Blocks until poll would give something. Throws what `cancel` says.
  virtual void wait(CancelToken& cancel) = 0;
  // `wake` is called (from a thread of the store; it must only notify) whenever something may have
  // come. Set once.
  virtual void on_progress(std::function<void()> wake) = 0;
};

}  // namespace tailrace::storage
