# By its name
terraform import isthmus_drill_schedule.monthly monthly-evacuation
