// The same multiset without negative diffs, for operators that must not meet a retraction after the
// row it takes back.
//
// Pieces that may retract are read first and consolidated; what they take back is taken out of the
// other pieces as these stream by. Nothing is held where nothing can be retracted.
#pragma once

#include "engine/operators/run.hpp"

namespace tailrace::engine {

class Settled : public Morsels {
 public:
  // When all pieces were asked once: retractions of rows that do not exist become errors in the
  // ledger.
  virtual void finish() = 0;
  // The same, instead: these retractions, for operators that may go on with them.
  virtual Batch left_over() const = 0;
};

std::shared_ptr<Settled> settle(MorselsPtr input, const std::vector<Type>& types, Run& run);

}  // namespace tailrace::engine
