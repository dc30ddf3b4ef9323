#include "engine/operators/settle.hpp"

#include <unordered_map>

#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

// Rows to be taken out, with how often; by identity. Thread-safe.
class Retractions {
 public:
  explicit Retractions(Batch rows) : rows_(std::move(rows)) {
    std::vector<std::uint64_t> hashes;
    hash_rows(rows_, all_columns(rows_), Equality::identity, hashes);
    for (std::size_t row = 0; row < rows_.rows; ++row) {
      left_.push_back(-rows_.diffs[row]);
      by_hash_.emplace(hashes[row], row);
    }
  }

  bool empty() const { return left_.empty(); }

  // The batch without what is taken back.
  Batch filter(const Batch& batch) {
    std::vector<std::uint64_t> hashes;
    hash_rows(batch, all_columns(batch), Equality::identity, hashes);
    std::vector<std::uint32_t> staying;
    std::vector<Diff> diffs;
    bool changed = false;
    for (std::size_t row = 0; row < batch.rows; ++row) {
      Diff diff = batch.diffs[row];
      if (by_hash_.contains(hashes[row])) {
        const Diff taken = take(batch, row, hashes[row], diff);
        changed = changed || taken != 0;
        diff -= taken;
      }
      if (diff == 0) continue;
      staying.push_back(static_cast<std::uint32_t>(row));
      diffs.push_back(diff);
    }
    if (!changed) return batch;
    Batch result = gather(batch, staying);
    result.diffs = PerRow<Diff>::each(std::move(diffs));
    return result;
  }

  Batch left_over() const {
    std::vector<std::uint32_t> rows;
    std::vector<Diff> diffs;
    for (std::size_t row = 0; row < left_.size(); ++row) {
      if (left_[row] == 0) continue;
      rows.push_back(static_cast<std::uint32_t>(row));
      diffs.push_back(-left_[row]);
    }
    Batch left = gather(rows_, rows);
    left.diffs = PerRow<Diff>::each(std::move(diffs));
    return left;
  }

 private:
  static std::vector<int> all_columns(const Batch& batch) {
    std::vector<int> columns(batch.columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<int>(i);
    return columns;
  }

  Diff take(const Batch& batch, std::size_t row, std::uint64_t hash, Diff wanted) {
    const std::lock_guard lock(mutex_);
    const auto [first, last] = by_hash_.equal_range(hash);
    for (auto at = first; at != last; ++at) {
      Diff& left = left_[at->second];
      if (left == 0 || !equal_rows(batch, row, {}, rows_, at->second, {}, Equality::identity))
        continue;
      const Diff taken = std::min(left, wanted);
      left -= taken;
      return taken;
    }
    return 0;
  }

  Batch rows_;
  std::mutex mutex_;
  std::vector<Diff> left_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_hash_;
};

class SettledMorsels final : public Settled {
 public:
  SettledMorsels(MorselsPtr input, const std::vector<Type>& types, Run& run)
      : input_(std::move(input)), run_(run) {
    std::vector<Batch> unsettled;
    const std::unique_ptr<HeldMemory> memory = run.hold_memory();
    for (std::size_t morsel = 0; morsel < input_->count(); ++morsel) {
      if (!input_->may_retract(morsel)) {
        plain_.push_back(morsel);
        continue;
      }
      run.check_cancel();
      input_->produce(morsel, [&](Batch batch) {
        memory->add(batch.memory_bytes());
        unsettled.push_back(batch.with_time(0));
      });
    }
    if (unsettled.empty()) return;
    const Batch net = consolidate(combine(unsettled, types));
    std::vector<std::uint32_t> positive;
    std::vector<std::uint32_t> negative;
    for (std::size_t row = 0; row < net.rows; ++row) {
      (net.diffs[row] > 0 ? positive : negative).push_back(static_cast<std::uint32_t>(row));
    }
    inserted_ = morsels_of({negative.empty() ? net : gather(net, positive)}, run);
    if (!negative.empty()) retractions_ = std::make_unique<Retractions>(gather(net, negative));
  }

  std::size_t count() const override {
    return plain_.size() + (inserted_ != nullptr ? inserted_->count() : 0);
  }
  std::size_t rows_estimate() const override { return input_->rows_estimate(); }
  bool may_retract(std::size_t) const override { return false; }
  void produce(std::size_t morsel, const BatchConsumer& consume) override {
    if (morsel >= plain_.size()) {
      inserted_->produce(morsel - plain_.size(), consume);
      return;
    }
    input_->produce(plain_[morsel], [&](Batch batch) {
      ensure(!has_negative_diff(batch), "a piece that cannot retract has no negative diff");
      if (retractions_ != nullptr) batch = retractions_->filter(batch);
      if (batch.rows > 0) consume(std::move(batch));
    });
  }
  void finish() override {
    const Batch left = left_over();
    for (std::size_t row = 0; row < left.rows; ++row)
      run_.errors().add(retraction_error(left.diffs[row]), 1);
  }
  Batch left_over() const override {
    return retractions_ != nullptr ? retractions_->left_over() : Batch();
  }

 private:
  MorselsPtr input_;
  Run& run_;
  std::vector<std::size_t> plain_;
  MorselsPtr inserted_;
  std::unique_ptr<Retractions> retractions_;
};

}  // namespace

std::shared_ptr<Settled> settle(MorselsPtr input, const std::vector<Type>& types, Run& run) {
  return std::make_shared<SettledMorsels>(std::move(input), types, run);
}

}  // namespace tailrace::engine
