// Reading an arrangement's view at one time.
#pragma once

#include <memory>

#include "engine/dataflow/shared_arrangement.hpp"
#include "storage/snapshot.hpp"

namespace tailrace::engine {

// The contents at `time` (since <= time < upper), of the first `width` columns: chunks over the
// view's runs, copied only when read.
storage::Snapshot arrangement_snapshot(std::shared_ptr<const SharedArrangement::View> view,
                                       std::size_t width, Timestamp time);

// The errors at the time, consolidated.
Batch errors_at(const SharedArrangement::View& view, Timestamp time);

// Rows of the first `width` columns whose key equals one of `keys`, consolidated.
Batch lookup_in(const SharedArrangement::View& view, std::span<const int> key_columns,
                std::size_t width, const Batch& keys, Timestamp time);

}  // namespace tailrace::engine
