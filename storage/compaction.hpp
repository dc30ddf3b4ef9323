// The steps of compaction: each gives a collection the same contents in a cheaper form.
//
//   join    runs of the tail -> one run in memory                     (many small commits)
//   fold    the tail -> a part                                        (memory, log)
//   merge   parts -> parts; a part and its negation -> nothing        (space, look-ups)
#pragma once

#include <atomic>

#include "storage/store_state.hpp"

namespace tailrace::storage {

// Bounded by the retention and the holds: times below a collection's since are advanced to it, and
// what then cancels is gone. All are safe while commits, reads and each other go on; all throw what
// the disk says, having changed nothing.

enum class JoinWhat : std::uint8_t {
  worthwhile,  // small runs, while there are many; of a volatile collection all, once it has
               // doubled
  all
};
void join_tail(StoreState& state, Collection& collection, JoinWhat what);

// All of the tail at the moment of the call. True if there was any.
bool fold_tail(StoreState& state, Collection& collection);

enum class MergeWhat : std::uint8_t {
  worthwhile,  // parts of similar size, or much that has cancelled
  all
};
// True if it changed anything. Gives up when `stop` is set.
bool merge_parts(StoreState& state, Collection& collection, MergeWhat what,
                 const std::atomic<bool>& stop);

}  // namespace tailrace::storage
