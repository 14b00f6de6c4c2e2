#include "CProcessorFeatures.h"
