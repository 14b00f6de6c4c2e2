#include "CSystemEvents.h"
