// Rows of one export on their way into its collection: values as upstream sent them become columns.
//
// A value that the dialect cannot hold makes its row an error in the collection instead (with the
// row's diff, so that its deletion takes it back); it never fails the source. Not for several
// threads.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "replication/postgres/lsn.hpp"
#include "replication/postgres/row_decoder.hpp"

namespace tailrace::replication {

class RowBuffer {
 public:
  // A place between two appends.
  struct Mark {
    std::size_t rows = 0;
    std::size_t errors = 0;
  };

  explicit RowBuffer(std::shared_ptr<const RowDecoder> decoder);

  // `fields[i]` is the value of column i of the collection. `lsn` stands as the row's time (storage
  // replaces it).
  void append(std::span<const FieldValue> fields, Diff diff, Lsn lsn);

  bool empty() const { return rows_.size() == 0 && errors_.size() == 0; }
  std::size_t bytes() const { return bytes_; }
  // Appends so far: a row that failed counts like one that did not.
  std::size_t updates() const { return rows_.size(); }
  bool has_errors() const { return errors_.size() > 0; }
  Lsn last_lsn() const { return last_lsn_; }  // of the last append
  Mark mark() const { return {rows_.size(), errors_.size()}; }

  Delta take();                  // everything; leaves the buffer empty
  Delta take_before(Mark mark);  // what came before; the rest stays
  void drop_before(Lsn lsn);     // what has a lower LSN
  void clear() { take(); }

 private:
  Batch finish_rows();
  void restore(const Batch& batch, BatchBuilder& into);

  std::shared_ptr<const RowDecoder> decoder_;
  BatchBuilder rows_;
  BatchBuilder errors_;
  bool has_void_rows_ = false;  // rows of diff 0, one for each error
  std::size_t bytes_ = 0;
  Lsn last_lsn_ = 0;
};

}  // namespace tailrace::replication
