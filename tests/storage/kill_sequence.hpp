// The sequence of commits of the kill tests, known to the child that makes them and the parent that
// checks.
//
// Step n adds the row n to two tables and sets the position to n. Every third step updates an older
// row, every seventh goes through staged parts, every eleventh truncates the second table first,
// every thirteenth also leaves a staged part that nobody names.
#pragma once

#include <cstdint>

#include "tests/storage/store_contents.hpp"

namespace tailrace::storage::testing {

inline constexpr CollectionId kill_rows{1};
inline constexpr CollectionId kill_truncated{2};
inline constexpr CollectionId kill_view{3};

CommitRequest kill_creation();
CommitRequest kill_step(Store& store, std::int64_t step);
// The position of the store: -1 before the creation.
std::int64_t last_step(const Store& store);

// What the tables have after a step.
Contents kill_rows_after(std::int64_t step);
Contents kill_truncated_after(std::int64_t step);

}  // namespace tailrace::storage::testing
