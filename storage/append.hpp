// Writing to a derived collection, at times that its writer gives.
#pragma once

#include "storage/store_state.hpp"

namespace tailrace::storage {

// As Store::append. A small delta goes to the log and the tail; a large one (a view's first
// contents) into a part.
AppendOutcome append(StoreState& state, Collection& collection, Timestamp expected_upper,
                     Timestamp new_upper, Delta delta);

}  // namespace tailrace::storage
