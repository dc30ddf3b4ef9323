// A maintained relation arranged by a key, with its errors, as of a range of times [since, upper):
// what an index is.
//
// Rows are the relation's columns, then one for each key scalar that is not a plain column. One
// writer (a dataflow's step) publishes; readers take a view, which stays as it is while the writer
// goes on. since trails upper by the retention and passes no hold. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "engine/dataflow/arrangement.hpp"
#include "engine/dataflow/computed_columns.hpp"
#include "repr/cancel.hpp"
#include "repr/data_error.hpp"

namespace tailrace::engine {

// All updates of a step.
struct StepChanges {
  Timestamp lower = 0;
  Timestamp upper = 0;
  std::vector<Batch> rows;  // of the relation's columns
  std::vector<Batch> errors;
};

class SharedArrangement : public std::enable_shared_from_this<SharedArrangement> {
 public:
  struct View {
    Timestamp since = 0;
    Timestamp upper = 0;
    std::vector<BatchHandle> runs;
    std::vector<Batch> errors;
  };
  class Hold;
  class Follower;

  SharedArrangement(std::vector<Type> types, std::vector<ScalarPtr> key, std::size_t partitions);

  const std::vector<Type>& types() const { return types_; }
  const std::vector<ScalarPtr>& key() const { return key_; }
  const std::vector<int>& key_columns() const { return computed_.positions(); }
  std::vector<Type> key_types() const { return computed_.types(); }

  // Writer: the contents at upper - 1 in bulk, then steps that follow each other without a gap.
  void hydrate(StepChanges contents, Workers* workers);
  void append(StepChanges changes, Workers* workers);

  // Readers.
  std::shared_ptr<const View> view() const;  // upper 0: not hydrated
  // Keeps since from passing the time; throws 22023 if it has passed.
  std::unique_ptr<Hold> hold(Timestamp time);
  std::unique_ptr<Hold> try_hold(Timestamp time);  // nullptr instead of an error
  // Gives every step's changes from the view on that it is made with.
  std::unique_ptr<Follower> follow(Timestamp from, std::function<void()> wake);
  // `wake` is called after each publication, by the writer's thread, while the pointer lives.
  void on_progress(std::weak_ptr<std::function<void()>> wake);
  // Returns when upper > time. Throws what `cancel` says, or why the arrangement stopped.
  void wait_complete(Timestamp time, CancelToken& cancel) const;

  // Writer: nothing will be published any more. What is there stays readable.
  void stop(DataError why);
  std::optional<DataError> stopped() const;

  std::size_t rows() const;
  std::size_t memory_bytes() const;

 private:
  friend class Hold;
  friend class Follower;
  void publish(Timestamp upper);
  void wake_readers();
  void release(Timestamp time);

  const std::vector<Type> types_;
  const std::vector<ScalarPtr> key_;
  const ComputedColumns computed_;
  // Of the writer:
  Arrangement rows_;
  std::vector<Batch> errors_;

  mutable std::mutex mutex_;
  mutable std::condition_variable published_;
  std::shared_ptr<const View> view_;
  std::optional<DataError> stopped_;
  std::multiset<Timestamp> holds_;
  std::vector<Follower*> followers_;
  std::vector<std::weak_ptr<std::function<void()>>> wakers_;
};

class SharedArrangement::Hold {
 public:
  Hold(std::shared_ptr<SharedArrangement> of, Timestamp time) : of_(std::move(of)), time_(time) {}
  ~Hold();
  Timestamp time() const { return time_; }
  void advance(Timestamp time);  // forward only

 private:
  std::shared_ptr<SharedArrangement> of_;
  Timestamp time_;
};

// What a dataflow over an index reads: contents at a time, then each step's changes.
class SharedArrangement::Follower {
 public:
  ~Follower();
  std::shared_ptr<const View> start() const { return start_; }  // until changes were taken
  Timestamp upper() const;                                      // changes below are here
  bool has_changes() const;                                     // false: none before upper
  // Changes with times in [position, upper), for an upper that is complete.
  StepChanges take(Timestamp upper);

 private:
  friend class SharedArrangement;
  std::shared_ptr<SharedArrangement> of_;
  std::shared_ptr<const View> start_;
  std::function<void()> wake_;
  Timestamp position_ = 0;
  Timestamp upper_ = 0;            // under the arrangement's mutex
  std::deque<StepChanges> queue_;  // likewise
};

}  // namespace tailrace::engine
