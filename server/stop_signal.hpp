// SIGTERM and SIGINT, which ask for an orderly stop.
#pragma once

namespace tailrace::server {

// Before any thread is started: from now on the signals wait for `wait_for_stop_signal`.
void hold_stop_signals();
// The signal that came.
int wait_for_stop_signal();

}  // namespace tailrace::server
