// The listener behind Store::listen.
#pragma once

#include <memory>
#include <vector>

#include "storage/store_state.hpp"

namespace tailrace::storage {

// Throws 42P01, and 22023 where changes from `from` on are not to be told apart any more.
std::unique_ptr<Listener> make_listener(StoreState& state, std::vector<CollectionPtr> collections,
                                        Timestamp from);

}  // namespace tailrace::storage
