// A collection as `meta` has it: what it is, which parts it has, and how far they reach.
//
//   version (1) | kind (1) | retention (8) | columns (4), each: name, type, nullable (1) | key
//   columns | created (8) | since (8) | upper (8) | last write (8) | folded through (8) | parts
//   (4), each: id, errors (1), rows, bytes, min time, max time, diff sum, consolidated to (8 each)
//   | entries (4), each: index of its part (4), sign (8), time (8) | xxh3 of all before (8)
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/collection.hpp"

namespace tailrace::storage {

// The log records through `folded_through` are in the parts. Since is what the parts have been
// compacted to. A derived collection may have come further (the log; its upper's own key), a
// clocked one's upper is the clock's.
std::string encode_collection_record(const CollectionDescription& description, Timestamp created,
                                     const Collection::Contents& contents);

struct CollectionRecord {
  CollectionDescription description;
  Collection::Origin origin;
};
CollectionRecord decode_collection_record(std::string_view bytes,
                                          const std::shared_ptr<Database>& database,
                                          const std::shared_ptr<Graveyard>& graveyard);  // XX001

}  // namespace tailrace::storage
