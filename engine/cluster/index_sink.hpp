// An index: a dataflow's output in a shared arrangement, and the reader of it that queries use.
#pragma once

#include "engine/cluster/cluster.hpp"
#include "engine/cluster/sink.hpp"

namespace tailrace::engine {

class IndexSink final : public Sink {
 public:
  explicit IndexSink(std::shared_ptr<SharedArrangement> arrangement)
      : arrangement_(std::move(arrangement)) {}

  void hydrate(StepChanges contents, Workers* workers) override {
    arrangement_->hydrate(std::move(contents), workers);
  }
  void append(StepChanges changes, Workers* workers) override {
    arrangement_->append(std::move(changes), workers);
  }
  void stop(const DataError& why) override { arrangement_->stop(why); }
  std::size_t memory_bytes() const override { return arrangement_->memory_bytes(); }
  std::size_t arranged_rows() const override { return arrangement_->rows(); }

 private:
  std::shared_ptr<SharedArrangement> arrangement_;
};

std::shared_ptr<IndexReader> make_index_reader(std::shared_ptr<SharedArrangement> arrangement);

}  // namespace tailrace::engine
