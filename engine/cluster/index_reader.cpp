#include <fmt/format.h>

#include "engine/cluster/arrangement_snapshot.hpp"
#include "engine/cluster/index_sink.hpp"

namespace tailrace::engine {

namespace {

class Reader final : public IndexReader {
 public:
  explicit Reader(std::shared_ptr<SharedArrangement> arrangement)
      : arrangement_(std::move(arrangement)), width_(arrangement_->types().size()) {}

  Timestamp since() const override { return arrangement_->view()->since; }
  Timestamp upper() const override { return arrangement_->view()->upper; }
  std::shared_ptr<void> hold(Timestamp time) override {
    return std::shared_ptr<SharedArrangement::Hold>(arrangement_->try_hold(time));
  }
  void wait_complete(Timestamp time, CancelToken& cancel) override {
    arrangement_->wait_complete(time, cancel);
  }

  Batch lookup(const Batch& keys, Timestamp time) const override {
    const auto view = view_at(time);
    if (!view->errors.empty()) {
      const Batch errors = errors_at(*view, time);
      if (!errors.empty()) throw error_at(errors, 0).to_sql_error();
    }
    Batch found = lookup_in(*view, arrangement_->key_columns(), width_, keys, time);
    return found.empty() ? empty_batch(arrangement_->types()) : found;
  }

  storage::Snapshot snapshot(Timestamp time) const override {
    return arrangement_snapshot(view_at(time), width_, time);
  }

 private:
  std::shared_ptr<const SharedArrangement::View> view_at(Timestamp time) const {
    auto view = arrangement_->view();
    if (time >= view->since && time < view->upper) return view;
    throw SqlError(
        sqlstate::invalid_parameter_value,
        fmt::format("time {} is not readable: the index is readable from {} and complete below {}",
                    time, view->since, view->upper));
  }

  std::shared_ptr<SharedArrangement> arrangement_;
  std::size_t width_;
};

}  // namespace

std::shared_ptr<IndexReader> make_index_reader(std::shared_ptr<SharedArrangement> arrangement) {
  return std::make_shared<Reader>(std::move(arrangement));
}

}  // namespace tailrace::engine
