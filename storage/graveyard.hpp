// Parts that nothing names any more, waiting for the compactor to delete them from disk.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "storage/staging.hpp"

namespace tailrace::storage {

// Thread-safe. Readers release parts from their own threads, and must not wait for the disk there.
class Graveyard {
 public:
  void add(PartId part);
  std::vector<PartId> take();
  // `wake` is called after each addition, until it is cleared: it must only notify.
  void on_addition(std::function<void()> wake);

 private:
  std::mutex mutex_;
  std::vector<PartId> parts_;
  std::function<void()> wake_;
};

}  // namespace tailrace::storage
