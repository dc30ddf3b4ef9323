// The result of a plan node as pieces that can be made independently of each other, by several
// threads.
//
// Operators that need not see all their input (scan, filter, join probe, union, ...) wrap the
// pieces of their input; the others do their work when they are opened and hand out what they made.
// Rows carry diffs; nothing is consolidated.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "repr/batch.hpp"

namespace tailrace::engine {

using BatchConsumer = std::function<void(Batch)>;

class Morsels {
 public:
  virtual ~Morsels() = default;

  virtual std::size_t count() const = 0;
  virtual std::size_t rows_estimate() const = 0;
  // Some diff in the piece may be negative.
  virtual bool may_retract(std::size_t morsel) const = 0;
  // Gives the piece to `consume`, in batches that are not empty. Thread-safe; may be asked again.
  virtual void produce(std::size_t morsel, const BatchConsumer& consume) = 0;
};
using MorselsPtr = std::shared_ptr<Morsels>;

}  // namespace tailrace::engine
