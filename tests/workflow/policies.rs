//! Policies of steps, told as stories.
