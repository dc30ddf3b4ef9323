// Functions over partitions.
#include "engine/operators/run.hpp"

namespace tailrace::engine {

MorselsPtr open_window(const Plan&, const plan::Window&, Run&) {
  throw unsupported("OVER");
}

}  // namespace tailrace::engine
