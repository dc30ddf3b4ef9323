// Union, Negate, Threshold: arithmetic on multiplicities.
#include "engine/operators/run.hpp"

namespace tailrace::engine {

namespace {

class NegatedMorsels final : public Morsels {
 public:
  explicit NegatedMorsels(MorselsPtr input) : input_(std::move(input)) {}
  std::size_t count() const override { return input_->count(); }
  std::size_t rows_estimate() const override { return input_->rows_estimate(); }
  bool may_retract(std::size_t) const override { return true; }
  void produce(std::size_t morsel, const BatchConsumer& consume) override {
    input_->produce(morsel, [&](const Batch& batch) { consume(batch.negated()); });
  }

 private:
  MorselsPtr input_;
};

class UnionMorsels final : public Morsels {
 public:
  explicit UnionMorsels(std::vector<MorselsPtr> inputs) : inputs_(std::move(inputs)) {
    for (const MorselsPtr& input : inputs_) {
      firsts_.push_back(count_);
      count_ += input->count();
      rows_ += input->rows_estimate();
    }
  }
  std::size_t count() const override { return count_; }
  std::size_t rows_estimate() const override { return rows_; }
  bool may_retract(std::size_t morsel) const override {
    const std::size_t input = input_of(morsel);
    return inputs_[input]->may_retract(morsel - firsts_[input]);
  }
  void produce(std::size_t morsel, const BatchConsumer& consume) override {
    const std::size_t input = input_of(morsel);
    inputs_[input]->produce(morsel - firsts_[input], consume);
  }

 private:
  std::size_t input_of(std::size_t morsel) const {
    std::size_t input = inputs_.size() - 1;
    while (firsts_[input] > morsel) --input;
    return input;
  }

  std::vector<MorselsPtr> inputs_;
  std::vector<std::size_t> firsts_;
  std::size_t count_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace

MorselsPtr open_negate(const plan::Negate& node, Run& run) {
  return std::make_shared<NegatedMorsels>(open(node.input, run));
}

MorselsPtr open_union(const plan::Union& node, Run& run) {
  std::vector<MorselsPtr> inputs;
  for (const PlanPtr& input : node.inputs) inputs.push_back(open(input, run));
  return std::make_shared<UnionMorsels>(std::move(inputs));
}

MorselsPtr open_threshold(const plan::Threshold& node, Run& run) {
  const MorselsPtr input = open(node.input, run);
  std::vector<Batch> batches;
  for (const Batch& batch : run.collect(*input)) batches.push_back(batch.with_time(0));
  const Batch net = consolidate(combine(batches, node.input->types));
  std::vector<std::uint32_t> positive;
  for (std::size_t row = 0; row < net.rows; ++row) {
    if (net.diffs[row] > 0) positive.push_back(static_cast<std::uint32_t>(row));
  }
  return morsels_of({gather(net, positive)}, run);
}

}  // namespace tailrace::engine
