// A descriptor that becomes readable when somebody calls `notify`: wakes poll(2) from other
// threads.
#pragma once

namespace tailrace::replication {

class EventFd {
 public:
  EventFd();
  ~EventFd();
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  int fd() const { return fd_; }
  void notify();
  void clear();

 private:
  int fd_;
};

}  // namespace tailrace::replication
