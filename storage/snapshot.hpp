// Reading a collection at one time: a list of chunks that can be read in any order, by several
// threads.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "repr/batch.hpp"
#include "repr/value.hpp"

namespace tailrace::storage {

// Only rows whose column lies within [min, max] (SQL order, NULL never) are wanted: a chunk that
// can prove it has none is skipped; rows that are read may still lie outside.
struct ColumnRange {
  int column = 0;
  std::optional<Value> min;
  std::optional<Value> max;
};

// One unit of reading: at most 64 Ki updates. Immutable and thread-safe; keeps what it needs on
// disk alive.
class Chunk {
 public:
  virtual ~Chunk() = default;
  virtual std::size_t rows_max() const = 0;  // read() gives at most so many
  virtual bool may_match(std::span<const ColumnRange> ranges) const = 0;
  // Some diff may be negative. false only if surely none is: such chunks stream through operators
  // that must see retractions first.
  virtual bool may_retract() const { return true; }
  // These columns of the collection, in this order (none: just times and diffs). Throws XX001 or
  // 58030.
  virtual Batch read(std::span<const int> columns) const = 0;
};
using ChunkPtr = std::shared_ptr<const Chunk>;

// The diffs of all chunks accumulate to the contents: chunks need not be consolidated, nor all
// diffs positive.
struct Chunks {
  std::vector<ChunkPtr> chunks;
  std::size_t rows_max() const;
};

struct Snapshot {
  Timestamp time = 0;
  Chunks rows;
  Chunks errors;  // of error_schema()
};

// A chunk over a batch in memory.
ChunkPtr chunk_of(BatchPtr batch);

}  // namespace tailrace::storage
