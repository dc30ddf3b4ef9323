#include "storage/part_writer.hpp"

#include "repr/order.hpp"
#include "storage/fault_point.hpp"

namespace tailrace::storage {

namespace {

// What is sorted at once, in memory, and becomes one part: larger runs mean fewer parts to merge
// later.
constexpr std::size_t run_bytes_max = 48 << 20;
constexpr std::size_t run_rows_max = 4 << 20;

// One half of a collection: its rows or its errors.
class RunWriter {
 public:
  RunWriter(std::shared_ptr<PartStore> parts, CollectionPtr collection, bool errors)
      : parts_(std::move(parts)),
        collection_(std::move(collection)),
        errors_(errors),
        full_order_(full_order_of(errors ? std::vector<int>() : collection_->key(),
                                  collection_->types(errors).size())) {}

  void write(const Batch& batch) {
    if (batch.rows == 0) return;
    ensure(batch.columns.size() == collection_->types(errors_).size(),
           "a staged batch has the collection's columns");
    buffered_.push_back(batch.with_time(0));
    buffered_rows_ += batch.rows;
    buffered_bytes_ += batch.memory_bytes();
    rows_ += batch.rows;
    if (buffered_bytes_ >= run_bytes_max || buffered_rows_ >= run_rows_max) write_run();
  }

  void finish(std::vector<std::unique_ptr<PartFile>>& files) {
    if (buffered_rows_ > 0) write_run();
    for (auto& file : files_) files.push_back(std::move(file));
    files_.clear();
  }

  std::uint64_t rows() const { return rows_; }
  std::uint64_t bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& file : files_) bytes += file->bytes();
    return bytes;
  }

 private:
  void write_run() {
    Batch run = buffered_.size() == 1 ? buffered_.front() : concatenate(buffered_);
    buffered_.clear();
    buffered_rows_ = 0;
    buffered_bytes_ = 0;
    // Equal rows need not be added up here; a merge will. Most loads come sorted, which this
    // notices.
    const auto order = sort_rows_by_identity(run, full_order_);
    bool sorted = true;
    for (std::size_t i = 0; i < order.size() && sorted; ++i) sorted = order[i] == i;
    auto file = parts_->create(*collection_, errors_, 0);
    constexpr std::size_t slice_rows = 64 << 10;
    for (std::size_t first = 0; first < run.rows; first += slice_rows) {
      const std::size_t count = std::min(slice_rows, run.rows - first);
      file->write(sorted ? slice(run, first, count)
                         : gather(run, std::span(order).subspan(first, count)));
    }
    file->finish();
    files_.push_back(std::move(file));
    fault_point("staged_run_written");
  }

  std::shared_ptr<PartStore> parts_;
  CollectionPtr collection_;
  bool errors_;
  std::vector<int> full_order_;
  std::vector<Batch> buffered_;
  std::size_t buffered_rows_ = 0;
  std::size_t buffered_bytes_ = 0;
  std::uint64_t rows_ = 0;
  std::vector<std::unique_ptr<PartFile>> files_;
};

class StagingWriter final : public PartWriter {
 public:
  StagingWriter(std::shared_ptr<PartStore> parts, CollectionPtr collection)
      : parts_(parts),
        collection_(collection),
        rows_writer_(parts, collection, false),
        errors_writer_(parts, collection, true) {}

  void write(const Batch& batch) override { rows_writer_.write(batch); }
  void write_errors(const Batch& errors) override { errors_writer_.write(errors); }
  std::uint64_t rows() const override { return rows_writer_.rows() + errors_writer_.rows(); }
  std::uint64_t bytes() const override { return rows_writer_.bytes() + errors_writer_.bytes(); }

  std::vector<StagedPart> finish() override {
    std::vector<std::unique_ptr<PartFile>> files;
    rows_writer_.finish(files);
    errors_writer_.finish(files);
    std::vector<StagedPart> staged;
    for (const PartPtr& part : parts_->ingest(std::move(files))) {
      staged.push_back({.collection = collection_->id(),
                        .part = part->info().part,
                        .rows = part->info().rows,
                        .bytes = part->info().bytes,
                        .lease = std::const_pointer_cast<Part>(part)});
    }
    fault_point("parts_staged");
    return staged;
  }

 private:
  std::shared_ptr<PartStore> parts_;
  CollectionPtr collection_;
  RunWriter rows_writer_;
  RunWriter errors_writer_;
};

}  // namespace

std::unique_ptr<PartWriter> make_part_writer(std::shared_ptr<PartStore> parts,
                                             CollectionPtr collection) {
  return std::make_unique<StagingWriter>(std::move(parts), std::move(collection));
}

PartPtr part_of(const StagedPart& staged) {
  ensure(staged.lease != nullptr, "a staged part is named while its lease is held");
  return std::static_pointer_cast<const Part>(std::static_pointer_cast<Part>(staged.lease));
}

}  // namespace tailrace::storage
