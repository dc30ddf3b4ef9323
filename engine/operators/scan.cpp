// Reading a collection: a piece per chunk, only the columns asked for, chunks that cannot match
// left out.
#include "engine/operators/run.hpp"

namespace tailrace::engine {

namespace {

class Scan final : public Morsels {
 public:
  Scan(std::vector<storage::ChunkPtr> chunks, std::vector<int> columns)
      : chunks_(std::move(chunks)), columns_(std::move(columns)) {
    for (const storage::ChunkPtr& chunk : chunks_) rows_ += chunk->rows_max();
  }

  std::size_t count() const override { return chunks_.size(); }
  std::size_t rows_estimate() const override { return rows_; }
  bool may_retract(std::size_t morsel) const override { return chunks_[morsel]->may_retract(); }
  void produce(std::size_t morsel, const BatchConsumer& consume) override {
    Batch batch = chunks_[morsel]->read(columns_);
    if (batch.rows > 0) consume(std::move(batch));
  }

 private:
  std::vector<storage::ChunkPtr> chunks_;
  std::vector<int> columns_;
  std::size_t rows_ = 0;
};

}  // namespace

MorselsPtr open_scan(const plan::GetCollection& node, std::vector<int> columns,
                     std::vector<storage::ColumnRange> ranges, Run& run) {
  const storage::Snapshot snapshot = run.options().inputs.snapshot(node.collection);
  static constexpr int error_columns[] = {0, 1, 2, 3};
  for (const storage::ChunkPtr& chunk : snapshot.errors.chunks)
    run.errors().add(chunk->read(error_columns));
  std::vector<storage::ChunkPtr> chunks;
  for (const storage::ChunkPtr& chunk : snapshot.rows.chunks) {
    if (ranges.empty() || chunk->may_match(ranges)) chunks.push_back(chunk);
  }
  return std::make_shared<Scan>(std::move(chunks), std::move(columns));
}

}  // namespace tailrace::engine
