// Writes a dataflow's output to the derived collection of a materialized view, each time exactly
// once.
//
// The collection's upper says what is written already. After a restart the dataflow begins at upper
// - 1; its contents there are compared with the stored ones (by a sum over hashes, so nothing is
// kept), and only where they differ is the difference written, at the next time.
#pragma once

#include "engine/cluster/sink.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

class ViewSink final : public Sink {
 public:
  ViewSink(storage::Store& store, storage::CollectionId view,
           std::function<void(std::string_view)> log)
      : store_(store), view_(view), log_(std::move(log)) {}

  // Where the view's dataflow begins: its upper - 1, or `as_of` if nothing is written yet.
  static Timestamp first_time(storage::Store& store, storage::CollectionId view, Timestamp as_of);

  void hydrate(StepChanges contents, Workers* workers) override;
  void append(StepChanges changes, Workers* workers) override;

 private:
  void write(StepChanges changes);

  storage::Store& store_;
  storage::CollectionId view_;
  std::function<void(std::string_view)> log_;
  StepChanges correction_;  // to be written with the next step
};

}  // namespace tailrace::engine
