#include "csizer_status.h"
